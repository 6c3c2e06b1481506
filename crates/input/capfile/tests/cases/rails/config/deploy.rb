lock "~> 3.19.0"

set :application, "bookshop"
set :repo_url, "git@git.example.com:acme/#{fetch(:application)}.git"
set :deploy_to, "/srv/#{fetch(:application)}/#{fetch(:stage)}"
ask :branch, proc { `git rev-parse --abbrev-ref HEAD`.chomp }

set :rbenv_type, :user
set :rbenv_ruby, File.read(".ruby-version").strip
set :rbenv_map_bins, %w{rake gem bundle ruby rails puma}

append :linked_files, "config/database.yml", "config/master.key"
append :linked_dirs, "log", "tmp/pids", "tmp/cache"
append :linked_dirs, *%w[storage public/uploads]

set :keep_releases, 3
set :default_env, {
  path: "/opt/node/bin:$PATH",
  locale: "de",
  "SMTP_PASSWORD" => ENV["SMTP_PASSWORD"],
}
set :ssh_options, forward_agent: true, keys: %w[~/.ssh/deploy], user: "deploy"
set :conditionally_migrate, true
set :bundle_without, %w{development test}.join(" ")
set :puma_threads, [4, 16]
set :mail_host, -> { "mail.#{fetch(:domain)}" }
set :build, `git describe --tags`

namespace :deploy do
  desc "Restart the application"
  task :restart do
    on roles(:app), in: :sequence, wait: 5 do
      execute :touch, release_path.join("tmp/restart.txt")
    end
  end

  after :publishing, :restart

  after :finished, :tell do
    run_locally do
      execute :curl, "-fsS", "https://hooks.example.com/deploys", "-d", "app=#{fetch(:application)}"
    end
  end

  before :starting, :check_revision do
    on primary(:app) do
      unless capture("git rev-parse HEAD") == "x"
        error "not pushed"
        exit 1
      end
    end
  end
end
