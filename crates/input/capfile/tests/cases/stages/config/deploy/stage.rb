server 'catalogue-stage-a.library.example.com', user: fetch(:user), roles: %w(web db app)
server 'catalogue-stage-b.library.example.com', user: fetch(:user), roles: %w(web app indexer)
set :rails_env, 'production'
set :solr_host, 'solr-stage'
