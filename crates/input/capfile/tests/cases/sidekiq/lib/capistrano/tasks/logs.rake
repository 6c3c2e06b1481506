namespace :logs do
  desc "tail rails logs"
  task :tail do
    on roles(:app) do
      execute "tail -n 200 #{shared_path}/log/#{fetch(:rails_env)}.log"
    end
  end
end
