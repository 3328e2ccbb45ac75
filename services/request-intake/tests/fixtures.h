/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixtures.h: a request of a P-256 key, as it stands inside JSON, and its private key, which
 * protects nothing.  Made by: openssl ecparam -name prime256v1 -genkey -noout; openssl req -new.
 */
#ifndef INTAKE_TESTS_FIXTURES_H
#define INTAKE_TESTS_FIXTURES_H

/* clang-format off */
#define CSR_PEM \
    "-----BEGIN CERTIFICATE REQUEST-----\\n" \
    "MIHaMIGAAgEAMB4xHDAaBgNVBAMME2FsaWNlQGFscGhhLmV4YW1wbGUwWTATBgcq\\n" \
    "hkjOPQIBBggqhkjOPQMBBwNCAAS1rVgp7M78insukBLJIYSdAj23b6LATXhy25v7\\n" \
    "WY4OdRnGX9EuaGE64dEmYX8ytg+typuJAQJcG6RBwKOCEMy+oAAwCgYIKoZIzj0E\\n" \
    "AwIDSQAwRgIhAKotomJq9bT9S3F8YZlWPO5orlTal0VCGxwCZ75J8+gmAiEAqpUr\\n" \
    "o4fvcDyIDuwLfu85CWGgSShwoPx1fXoOlzArIfw=\\n" \
    "-----END CERTIFICATE REQUEST-----\\n"

#define PRIVATE_KEY_PEM \
    "-----BEGIN EC PRIVATE KEY-----\\n" \
    "MHcCAQEEIMyXCTfeHqL2DcydXUJ9jBMjYMGgog2MOOKkXRHNsD48oAoGCCqGSM49\\n" \
    "AwEHoUQDQgAEta1YKezO/Ip7LpASySGEnQI9t2+iwE14ctub+1mODnUZxl/RLmhh\\n" \
    "OuHRJmF/MrYPrcqbiQECXBukQcCjghDMvg==\\n" \
    "-----END EC PRIVATE KEY-----\\n"

#define CSR_BASE64 \
    "MIHaMIGAAgEAMB4xHDAaBgNVBAMME2FsaWNlQGFscGhhLmV4YW1wbGUwWTATBgcq" \
    "hkjOPQIBBggqhkjOPQMBBwNCAAS1rVgp7M78insukBLJIYSdAj23b6LATXhy25v7" \
    "WY4OdRnGX9EuaGE64dEmYX8ytg+typuJAQJcG6RBwKOCEMy+oAAwCgYIKoZIzj0E" \
    "AwIDSQAwRgIhAKotomJq9bT9S3F8YZlWPO5orlTal0VCGxwCZ75J8+gmAiEAqpUr" \
    "o4fvcDyIDuwLfu85CWGgSShwoPx1fXoOlzArIfw="
/* Of another key. */
#define OTHER_CSR_BASE64 \
    "MIHLMHICAQAwEDEOMAwGA1UEAwwFb3RoZXIwWTATBgcqhkjOPQIBBggqhkjOPQMB" \
    "BwNCAASSKXrujIg4UeLupqsNGpf7nv2AX1m87EAsv2RBKnZGhBmbeLwGwSI9c5af" \
    "G+AUzRFyIVMWD3F81HGLc7B0+d47oAAwCgYIKoZIzj0EAwIDSQAwRgIhAM1S3Wlo" \
    "y5dgZQTnQxJTNI7MM+Ysrzp5JtjjU+IRdeoOAiEA+xoaq8Ce7CqG2ROJBc4YGKav" \
    "jWe+ntdFwrNV8NhB6VY="
/* clang-format on */

#endif
