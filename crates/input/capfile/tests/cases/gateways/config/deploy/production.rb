require 'net/ssh/proxy/command'

ssh_command = "ssh #{fetch(:bastion_user)}@#{fetch(:bastion_host)} -W %h:%p"

server '10.1.0.11', user: 'deploy', roles: %w[web app]
server '10.1.0.12', user: 'deploy', roles: %w[web app]
server '10.1.0.21', user: 'deploy', roles: %w[db], primary: true, no_release: true

set :ssh_options, {
  proxy: Net::SSH::Proxy::Command.new(ssh_command),
  forward_agent: true,
  verify_host_key: :always,
  keepalive: true,
  keepalive_interval: 30
}
