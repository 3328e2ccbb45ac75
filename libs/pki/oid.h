/* SPDX-License-Identifier: Apache-2.0 */
/* oid.h: the identifiers of extensions of certificates and CRLs (RFC 5280 4.2, 5.2, 5.3).  Inside pki only. */
#ifndef PKI_OID_H
#define PKI_OID_H

#define PKI_OID_SKI "2.5.29.14"
#define PKI_OID_KEY_USAGE "2.5.29.15"
#define PKI_OID_SAN "2.5.29.17"
#define PKI_OID_CONSTRAINTS "2.5.29.19"
#define PKI_OID_CRL_NUMBER "2.5.29.20"
#define PKI_OID_CRL_REASON "2.5.29.21"
#define PKI_OID_CRL_IDP "2.5.29.28"
#define PKI_OID_CRL_DP "2.5.29.31"
#define PKI_OID_POLICIES "2.5.29.32"
#define PKI_OID_AKI "2.5.29.35"
#define PKI_OID_EKU "2.5.29.37"
#define PKI_OID_AIA "1.3.6.1.5.5.7.1.1"
#define PKI_OID_AIA_OCSP "1.3.6.1.5.5.7.48.1"
#define PKI_OID_AIA_ISSUERS "1.3.6.1.5.5.7.48.2"
#define PKI_OID_OCSP_BASIC "1.3.6.1.5.5.7.48.1.1"
#define PKI_OID_OCSP_NONCE "1.3.6.1.5.5.7.48.1.2"
#define PKI_OID_OCSP_NOCHECK "1.3.6.1.5.5.7.48.1.5"

#endif
