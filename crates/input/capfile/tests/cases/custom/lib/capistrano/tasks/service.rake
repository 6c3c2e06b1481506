namespace :service do
  %i[start stop status].each do |verb|
    desc "#{verb} the service"
    task verb do
      on roles(:worker) do
        execute :sudo, :systemctl, verb, fetch(:service)
      end
    end
  end

  task :restart do
    on roles(:worker) do |host|
      if test :sudo, :systemctl, "is-active --quiet", fetch(:service)
        execute :sudo, :systemctl, :restart, fetch(:service)
      elsif test("[ -e /etc/systemd/system/#{fetch(:service)}.service ]")
        execute :sudo, :systemctl, :start, fetch(:service)
      else
        warn "no unit on #{host}"
      end
    end
  end

  task :health do
    on roles(:app) do
      5.times do
        break if test(:curl, "-fsS", fetch(:health_url))
        sleep 2
      end
    end
  end

  task :pid do
    on roles(:worker) do
      pid = capture(:cat, "#{shared_path}/run.pid")
      execute :kill, "-USR1", pid unless pid.empty?
    end
  end

  task :bounce do
    invoke "service:stop"
    invoke "service:start"
  end

  task :send_settings do
    on roles(:all) do
      upload! "config/settings.ini", "#{shared_path}/settings.ini"
    end
  end

  task :fetch_log do
    on roles(:app) do
      download! "#{shared_path}/log/app.log", "tmp/app.log"
    end
  end
end

after "deploy:published", "service:restart"
