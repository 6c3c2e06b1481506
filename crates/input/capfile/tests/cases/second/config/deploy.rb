require 'bundler/capistrano'
require 'capistrano/ext/multistage'
require 'rvm/capistrano'

set :application, "archive"
set :repository,  "git@git.example.com:acme/#{application}.git"
set :scm, :git
set :branch, "stable"
set :deploy_via, :remote_cache
set :user, "deploy"
set :use_sudo, false
set :keep_releases, 4
set :stages, %w(staging production)
set :default_stage, "staging"
set :rvm_ruby_string, '2.3.8'
set :shared_children, shared_children + %w(tmp/sockets)
set(:unicorn_pid) { "#{shared_path}/pids/unicorn.pid" }

default_run_options[:pty] = true
ssh_options[:forward_agent] = true
ssh_options[:keys] = [File.join(ENV["HOME"], ".ssh", "archive")]
default_environment["LANG"] = "en_GB.UTF-8"
set :gateway, "hop@gate.example.com:2222"

after "deploy:restart", "deploy:cleanup"
after "deploy:update_code", "archive:link"
before "deploy:create_symlink", "archive:index"

namespace :deploy do
  task :start do ; end
  task :stop do ; end
  desc "Restart unicorn"
  task :restart, :roles => :app, :except => { :no_release => true } do
    run "if [ -f #{unicorn_pid} ]; then #{try_sudo} kill -USR2 `cat #{unicorn_pid}`; fi"
  end
end

namespace :archive do
  task :link, :except => { :no_release => true } do
    run "ln -nfs #{shared_path}/config/database.yml #{release_path}/config/database.yml"
    run <<-CMD
      cd #{latest_release} &&
      cp config/robots.txt public/robots.txt
    CMD
  end

  task :index, :roles => :db, :only => { :primary => true } do
    on_rollback { run "rm -f #{shared_path}/index.lock" }
    run "touch #{shared_path}/index.lock && cd #{current_release} && #{rake} RAILS_ENV=#{rails_env} index"
  end

  task :backup, :roles => :db, :only => { :primary => true } do
    filename = "archive-#{Time.now.to_i}.sql"
    run "pg_dump archive > /tmp/#{filename}"
    get "/tmp/#{filename}", "backups/#{filename}"
  end

  task :all do
    link
    archive.index
  end
end
