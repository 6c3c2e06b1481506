server ENV['STAGING_HOST'], user: 'deploy', roles: %w{app web}
ENV['RELEASE_CHANNEL'] ||= 'beta'
set :branch, ENV['RELEASE_CHANNEL']
