set :stage, :production
set :rails_env, :production

server "app1.ledger.example.com", user: "deploy", roles: %w{app web}, primary: true
server "app2.ledger.example.com", user: "deploy", roles: %w{app web}
server "jobs.ledger.example.com", user: "deploy", roles: %w{worker db}

set :ssh_options, {
  keys: %w(~/.ssh/id_ed25519),
  forward_agent: true,
  auth_methods: %w(publickey)
}
