#include "CPKCS11.h"

#include <stddef.h>

// A function out of its place would be called under another's name: the compiler counts them.
_Static_assert(sizeof(CK_FUNCTION_LIST) == 69 * sizeof(void *), "a version and 68 functions");
_Static_assert(offsetof(CK_FUNCTION_LIST, C_InitToken) == 10 * sizeof(void *), "C_InitToken is the 10th");
_Static_assert(offsetof(CK_FUNCTION_LIST, C_Login) == 19 * sizeof(void *), "C_Login is the 19th");
_Static_assert(offsetof(CK_FUNCTION_LIST, C_FindObjectsFinal) == 29 * sizeof(void *), "C_FindObjectsFinal is the 29th");
_Static_assert(offsetof(CK_FUNCTION_LIST, C_Decrypt) == 35 * sizeof(void *), "C_Decrypt is the 35th");
_Static_assert(offsetof(CK_FUNCTION_LIST, C_GenerateKey) == 59 * sizeof(void *), "C_GenerateKey is the 59th");
_Static_assert(sizeof(CK_TOKEN_INFO) == 96 + 11 * sizeof(CK_ULONG) + 4 + 16 + 4, "as the standard lays it out");
