%w(a b c).each do |letter|
  server "catalogue-prod-#{letter}.library.example.com", user: fetch(:user), roles: %w(web app)
end
role :db, "#{fetch(:user)}@catalogue-db.library.example.com", no_release: true
role :indexer, "catalogue-worker.library.example.com", user: fetch(:user)
role :app, "catalogue-worker.library.example.com"

set :rails_env, 'production'
set :branch, ENV.fetch('TAG') { 'release' }
set :keep_releases, 10
set :solr_host, 'solr-prod'
