namespace :cache do
  desc "Warm the cache"
  task :warm do
    on roles(:app) do
      within release_path do
        with rails_env: fetch(:rails_env) do
          execute :rake, "cache:warm"
          execute :bundle, :exec, "bin/check"
        end
      end
    end
  end

  task :clear do
    on roles(:web) do
      if test("[ -d #{shared_path}/cache ]")
        info "clearing"
        execute "rm -rf #{shared_path}/cache/*"
      end
    end
  end

  task :copy do
    on roles(:app) do
      upload! "config/local.yml", "#{shared_path}/config/local.yml"
    end
  end
end

after "deploy:published", "cache:warm"
before "deploy:starting", "sidekiq:quiet"
