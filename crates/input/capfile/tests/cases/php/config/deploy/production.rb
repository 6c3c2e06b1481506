set :deploy_to, '/var/www/magazine.example.com'
server 'magazine.example.com', user: 'www', roles: %w{web app db}, port: 2202
