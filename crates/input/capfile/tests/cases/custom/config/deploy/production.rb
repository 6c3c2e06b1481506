server "sensors1.example.com", user: "py", roles: %w[app worker]
server "sensors2.example.com", user: "py", roles: %w[worker]
