role :web, "www1.example.com", "www2.example.com"
role :app, "www1.example.com", "www2.example.com"
role :db, "db1.example.com", :primary => true
set :rails_env, "production"
