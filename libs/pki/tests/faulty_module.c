/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faulty_module.c: a PKCS#11 library for tests: CS_TOKEN_MODULE, with the fault that CS_FAULT_FILE names at
 * this moment.  run-it.sh compiles it.
 */
#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST ours;

static int
fault(const char *name)
{
	char text[32] = "";
	FILE *file = fopen(getenv("CS_FAULT_FILE"), "r");

	if (file != NULL) {
		if (fscanf(file, "%31s", text) != 1)
			text[0] = '\0';
		fclose(file);
	}
	return strcmp(text, name) == 0;
}

static CK_RV
get_slot_list(CK_BBOOL present, CK_SLOT_ID_PTR slots, CK_ULONG_PTR n)
{
	if (fault("absent")) {
		*n = 0;
		return CKR_OK;
	}
	return real->C_GetSlotList(present, slots, n);
}

/* As after a restart of the hardware: the handle names another key. */
static CK_RV
sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_OBJECT_HANDLE key)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE a[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_LABEL, "other", 5 } };
	CK_ULONG n = 0;

	if (fault("renumbered")) {
		real->C_FindObjectsInit(session, a, 2);
		real->C_FindObjects(session, &key, 1, &n);
		real->C_FindObjectsFinal(session);
	}
	return real->C_SignInit(session, mechanism, key);
}

static CK_RV
sign(CK_SESSION_HANDLE session, CK_BYTE_PTR data, CK_ULONG data_len, CK_BYTE_PTR signature,
    CK_ULONG_PTR len)
{
	const CK_RV rv = real->C_Sign(session, data, data_len, signature, len);

	printf("noise on stdout\n");
	if (fault("hang"))
		pause();
	if (fault("crash"))
		abort();
	if (fault("session"))
		return CKR_SESSION_HANDLE_INVALID;
	if (fault("garbage") && rv == CKR_OK)
		memset(signature, 0x5a, *len);
	if (fault("empty"))
		*len = 0;
	return rv;
}

CK_RV
C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ret)
{
	void *library = dlopen(getenv("CS_TOKEN_MODULE"), RTLD_NOW);
	CK_RV(*get)
	(CK_FUNCTION_LIST_PTR_PTR) = library != NULL ? (CK_RV(*)(CK_FUNCTION_LIST_PTR_PTR))dlsym(
							   library, "C_GetFunctionList")
						     : NULL;

	if (get == NULL || get(&real) != CKR_OK)
		return CKR_GENERAL_ERROR;
	ours = *real;
	ours.C_GetSlotList = get_slot_list;
	ours.C_SignInit = sign_init;
	ours.C_Sign = sign;
	*ret = &ours;
	return CKR_OK;
}
