set :application, ENV['APP_NAME'] || 'newsroom'
set :repo_url, ENV.fetch('REPO_URL', 'git@git.example.com:press/newsroom.git')
set :branch, ENV['BRANCH'] if ENV['BRANCH']
set :deploy_to, ENV['DEPLOY_TO']

set :nvm_type, :user
set :nvm_node, 'v18.17.0'
set :nvm_map_bins, %w{node npm yarn}
set :yarn_flags, '--production --silent'

set :linked_files, %w{.env}
set :linked_dirs, %w{node_modules public/media}

set :default_env, {
  'NODE_ENV' => 'production',
  'API_TOKEN' => ENV['API_TOKEN'],
  'SENTRY_DSN' => ENV.fetch('SENTRY_DSN', ''),
  'PATH' => '$HOME/.local/bin:$PATH'
}

set :pm2_name, "#{fetch(:application)}-#{fetch(:stage)}"

unless ENV['SKIP_RESTART']
  after 'deploy:published', 'pm2:restart'
end

if ENV['NOTIFY'] == 'yes'
  after 'deploy:finished', 'pm2:notify'
end

namespace :pm2 do
  task :restart do
    on roles(:app) do
      within release_path do
        execute :pm2, 'startOrReload', 'ecosystem.config.js', '--only', fetch(:pm2_name)
      end
    end
  end

  task :notify do
    run_locally do
      execute :curl, '-fsS', 'https://hooks.example.com/deployed'
    end
  end
end
