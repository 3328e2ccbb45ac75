signer_LIBS := svc pack claim gate smime pki audit
signer_FAKES := libs/gate/tests/fake_world.c
