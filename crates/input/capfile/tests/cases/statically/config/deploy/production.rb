role :web, %w{www@static1.example.com www@static2.example.com}
