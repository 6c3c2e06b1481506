keep_before
rake assets:precompile
