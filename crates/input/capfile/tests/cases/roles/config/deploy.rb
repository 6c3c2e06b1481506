set :application, :reports
set :repo_url, "/srv/git/reports.git"

role :app, %w[deploy@10.0.0.1 deploy@10.0.0.2:2200]
role :web, "deploy@10.0.0.1"
role :db, "deploy@10.0.0.3", primary: true, no_release: true
role :cron, []

case fetch(:mode)
when :fast then set :keep_releases, 1
end

task :report, [:month] do |_, args|
  on roles(:app) { execute :report, args[:month] }
end

task :hello do
  on roles(:web) do
    execute :echo, "'#{release_path}'"
  end
end

on roles(:all) do
  execute :uptime
end
