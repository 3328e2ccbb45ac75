base_NEEDS :=
