namespace :python do
  desc "Make the virtual environment where it is missing"
  task :venv do
    on roles(:all) do
      unless test("[ -d #{shared_path}/venv ]")
        execute fetch(:python), "-m", "venv", shared_path.join("venv")
      end
    end
  end

  task install: :venv do
    on roles(:all) do
      within release_path do
        execute shared_path.join("venv/bin/pip"), "install", "-q", "-r", "requirements.txt"
      end
    end
  end

  desc "Collect static files"
  task :static do
    on roles(:app) do
      within release_path do
        if test("[ -f manage.py ]") && !test("[ -f .nostatic ]")
          execute shared_path.join("venv/bin/python"), "manage.py", "collectstatic", "--noinput"
        else
          info "nothing to collect"
        end
      end
    end
  end
end

after "deploy:updated", "python:install"
after "python:install", "python:static"
