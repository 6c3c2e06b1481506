# config valid for current version and patch releases of Capistrano
lock "~> 3.18.0"

set :application, "ledger"
set :repo_url, "git@git.example.com:acme/ledger.git"

# Default branch is :master
set :branch, ENV.fetch("REVISION", "main")
set :deploy_to, "/home/deploy/apps/#{fetch :application}"

set :rbenv_type, :user
set :rbenv_ruby, "3.2.2"
set :rbenv_prefix, "RBENV_ROOT=#{fetch(:rbenv_path)} RBENV_VERSION=#{fetch(:rbenv_ruby)} #{fetch(:rbenv_path)}/bin/rbenv exec"
set :rbenv_map_bins, %w{rake gem bundle ruby rails sidekiq sidekiqctl whenever}
set :rbenv_roles, :all

set :format, :airbrussh
set :format_options, command_output: true, log_file: "log/capistrano.log", color: :auto, truncate: :auto
set :pty, false

append :linked_files, "config/database.yml", "config/master.key", ".env"
append :linked_dirs, "log", "tmp/pids", "tmp/cache", "tmp/sockets", "public/system", "vendor/bundle", "storage"

set :default_env, { "NODE_OPTIONS" => "--max-old-space-size=2048" }
set :keep_releases, 5
set :keep_assets, 2
set :bundle_jobs, 2
set :bundle_flags, "--quiet"
set :git_shallow_clone, 1

set :sidekiq_roles, :worker
set :sidekiq_config, "config/sidekiq.yml"
set :sidekiq_service_unit_user, :user
set :whenever_identifier, -> { "#{fetch(:application)}_#{fetch(:stage)}" }
set :whenever_roles, -> { :worker }

namespace :deploy do
  desc "Restart the application server"
  task :restart do
    on roles(:app), in: :sequence, wait: 5 do
      execute :sudo, :systemctl, :restart, "ledger-web"
    end
  end

  after :publishing, :restart

  desc "Load the seeds"
  task :seed do
    on primary(:db) do
      within current_path do
        with rails_env: fetch(:rails_env) do
          execute :rake, "db:seed"
        end
      end
    end
  end

  after :restart, :clear_cache do
    on roles(:web), in: :groups, limit: 3, wait: 10 do
      # Here we can do anything such as:
      within release_path do
        execute :rake, "cache:clear"
      end
    end
  end
end
