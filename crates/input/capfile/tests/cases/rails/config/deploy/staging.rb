set :domain, "stage.example.com"
set :branch, ENV["BRANCH"] || "develop"
set :rails_env, :staging
set :keep_releases, 2

server fetch(:domain), user: "deploy", roles: %w[app web db]
