signer_LIBS := svc pack claim gate smime pki
signer_FAKES := libs/gate/tests/fake_world.c
