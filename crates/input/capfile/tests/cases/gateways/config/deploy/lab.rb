set :gateway, 'ops@gate.lab.example.com'
server 'intranet.lab.example.com', user: 'deploy', roles: %w[web app db]
set :ssh_options, fetch(:ssh_options, {}).merge(user: 'deploy', proxy: Net::SSH::Proxy::Command.new("ssh -q -W %h:%p #{fetch(:gateway)}"))
