set :domain, "shop.example.com"
set :rails_env, "production"
set :branch, ENV.fetch("BRANCH", "main")

server "web1.example.com", user: "deploy", roles: %w[app web], primary: true
server "web2.example.com", user: "deploy", roles: %w[app web], port: 2222
server "db1.example.com", user: "deploy", roles: %w[db], no_release: false, rack: "b12"
