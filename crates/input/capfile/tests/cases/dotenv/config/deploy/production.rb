server ENV.fetch('PRODUCTION_HOST', 'newsroom.example.com'), user: ENV['DEPLOY_USER'] || 'deploy', roles: %w{app web}
