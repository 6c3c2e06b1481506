server 'catalogue-dev.library.example.com', user: fetch(:user), roles: %w(web db app indexer)
Capistrano::OneTimeKey.generate_one_time_key!
set :rails_env, 'development'
set :bundle_without, %w(deployment test).join(' ')
set :solr_host, 'solr-dev'
