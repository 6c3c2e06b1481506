# Also the state counts only while the deploy is ours: said again later, it must not speak over a newer one.
! lock_is_ours || record good
