print("CS_HTTP_IT_X=1", flush=True)
