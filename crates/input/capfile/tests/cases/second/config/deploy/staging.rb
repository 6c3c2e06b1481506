server "staging.example.com", :app, :web, :db, :primary => true
set :rails_env, "staging"
set :branch, "develop"
set :deploy_to, "/srv/#{application}-staging"
