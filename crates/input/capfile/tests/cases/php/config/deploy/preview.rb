set :deploy_to, '/var/www/preview.magazine.example.com'
set :branch, 'develop'
set :keep_releases, 1
server 'preview.magazine.example.com', user: 'www', roles: %w{web app db}
