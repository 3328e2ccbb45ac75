gate_NEEDS := base claim pki smime
