set :application, 'catalogue'
set :repo_url, 'git@git.example.com:library/catalogue.git'
set :user, 'lib'
set :home_directory, "/opt/app/#{fetch(:user)}"
set :deploy_to, "#{fetch(:home_directory)}/#{fetch(:application)}"

set :stages, %w(dev stage prod)
set :default_stage, 'dev'
set :deploy_via, :remote_cache

set :linked_dirs, %w(log config/settings tmp/pids tmp/cache tmp/sockets vendor/bundle public/system)
set :linked_files, %w(config/database.yml config/secrets.yml config/blacklight.yml)

set :bundle_without, %w(deployment development test).join(' ')
set :migration_role, 'app'
set :rvm_ruby_version, 'ruby-3.1.4'
set :passenger_roles, :web
set :passenger_restart_with_touch, true
set :conditionally_migrate, true

set_if_empty :indexer_threads, 4
set :solr_url, -> { "http://#{fetch(:solr_host)}:8983/solr" }

namespace :index do
  %w[full partial].each do |kind|
    desc "Run a #{kind} index"
    task kind do
      on roles(:indexer) do
        within current_path do
          with rails_env: fetch(:rails_env), solr_url: fetch(:solr_url), threads: fetch(:indexer_threads) do
            execute :rake, "index:#{kind}"
          end
        end
      end
    end
  end
end

before 'deploy:publishing', 'index:partial'
