set :application, 'handbook'
set :repo_url, 'git@git.example.com:acme/handbook.git'
set :repo_tree, 'site'
set :deploy_to, '/srv/handbook'
set :keep_releases, 3
set :linked_dirs, %w{downloads}
set :log_level, :info

ask :branch, `git rev-parse --abbrev-ref HEAD`.chomp

task :build do
  run_locally do
    execute :bundle, 'exec jekyll build --config _config.yml,_config.production.yml'
  end
end

namespace :deploy do
  task :minify do
    on roles(:web) do
      within release_path do
        execute :find, '.', '-name', '"*.html"', '-exec', 'gzip', '-k9', '{}', '\;'
      end
    end
  end

  task :humans do
    on roles(:web) do
      execute "echo 'deployed' > #{release_path}/humans.txt"
    end
  end

  after :updated, :minify
  after :updated, 'deploy:humans'
end

before 'deploy:starting', 'build'
