/* sock/error.h - what went wrong, where and why.
 *
 * Every failing call leaves a code and the makings of a sentence in two
 * places: with the handle, and with the calling thread.  A success changes
 * neither.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SOCK_ERROR_H
#define SOCK_ERROR_H

#include <sock/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes that sock_last_message() ever uses, its end included. */
#define LIBSOCK_MESSAGE_MAX 1024

/**
 * Failures of a name look-up.  Codes are errno values where the system gave
 * one; these stand in a range that no errno reaches.
 */
enum {
    LIBSOCK_EAI_AGAIN = 20001, /**< the name server did not answer; try later */
    LIBSOCK_EAI_BADFLAGS,      /**< the hints hold flags nobody knows */
    LIBSOCK_EAI_FAIL,          /**< the name server refused for good */
    LIBSOCK_EAI_FAMILY,        /**< that address family cannot be looked up */
    LIBSOCK_EAI_NONAME,        /**< there is no such host or service */
    LIBSOCK_EAI_SERVICE,       /**< no such service for this socket type */
    LIBSOCK_EAI_SOCKTYPE,      /**< that socket type cannot be looked up */
    LIBSOCK_EAI_NODATA,        /**< the name exists, but has no address */
    LIBSOCK_EAI_ADDRFAMILY,    /**< the name has no address in that family */
    LIBSOCK_EAI_OVERFLOW,      /**< the name is too long for the resolver */
    LIBSOCK_EAI_OTHER          /**< a reason of the resolver's own */
};

/**
 * Failures of TLS, likewise in a range of their own.  sock_last_message() adds
 * what OpenSSL says, and of a certificate whose it is.
 */
enum {
    LIBSOCK_ETLS_TRUNCATED = 21001, /**< the connection ended without TLS's own
                                         end: it may have been cut off */
    LIBSOCK_ETLS_PROTOCOL,          /**< what came is not TLS, or is broken */
    LIBSOCK_ETLS_VERSION,           /**< no version of TLS in common */
    LIBSOCK_ETLS_CIPHER,            /**< no cipher in common */
    LIBSOCK_ETLS_ALPN,              /**< no protocol in common */
    LIBSOCK_ETLS_REFUSED,           /**< the peer refused, with an alert */
    LIBSOCK_ETLS_REFUSED_CERTIFICATE, /**< the peer refused our certificate */
    LIBSOCK_ETLS_NO_CERTIFICATE,      /**< the peer has shown no certificate */
    LIBSOCK_ETLS_UNTRUSTED,           /**< nobody we trust has signed it */
    LIBSOCK_ETLS_SELF_SIGNED,         /**< it is signed by nobody but itself */
    LIBSOCK_ETLS_EXPIRED,             /**< it is no longer valid */
    LIBSOCK_ETLS_NOT_YET_VALID,       /**< it is not valid yet */
    LIBSOCK_ETLS_NAME,                /**< it is for another name */
    LIBSOCK_ETLS_REVOKED,             /**< it was revoked */
    LIBSOCK_ETLS_CRL,     /**< no valid list tells whether it was revoked */
    LIBSOCK_ETLS_PURPOSE, /**< it is not for this use */
    LIBSOCK_ETLS_CHAIN_TOO_LONG, /**< more certificates than verify_depth */
    LIBSOCK_ETLS_WEAK,           /**< its key or its digest is too weak */
    LIBSOCK_ETLS_FINGERPRINT,    /**< it is not the one expected */
    LIBSOCK_ETLS_CERTIFICATE,    /**< it is bad in another way */
    LIBSOCK_ETLS_LOCAL_CERT,     /**< local_cert cannot be used */
    LIBSOCK_ETLS_LOCAL_KEY,      /**< local_pk cannot be used */
    LIBSOCK_ETLS_PASSPHRASE,     /**< the passphrase is wrong, or missing */
    LIBSOCK_ETLS_KEY_MISMATCH,   /**< the key is not the certificate's */
    LIBSOCK_ETLS_CA,             /**< cafile or capath cannot be used */
    LIBSOCK_ETLS_CRLFILE,        /**< crlfile cannot be used */
    LIBSOCK_ETLS_OPTION,         /**< ciphers, curves or another option has a
                                      value that OpenSSL refuses */
    LIBSOCK_ETLS_OTHER           /**< another failure of OpenSSL's */
};

/**
 * The code of the last failure.
 *
 * For a handle: this thread's last failure, if that was on this handle, else
 * the last failure of any thread on it.  A success never clears it.
 *
 * PHP: socket_last_error(). Accept, too, records on the listener here.
 *
 * @param s  a socket; NULL asks for this thread's last failure on anything
 *
 * @return an errno value or a LIBSOCK_E... code; 0 if nothing failed yet; EBADF
 *         for a handle that is not open and on which nothing failed in this
 *         thread
 *
 * @see sock_last_message(), sock_clear_error()
 */
LIBSOCK_API int sock_last_error(sock_t *s);

/**
 * Forget the last failure.
 *
 * PHP: socket_clear_error().
 *
 * @param s  the socket whose failure is forgotten, and this thread's if it was
 *           on that socket; NULL forgets this thread's
 *
 * @return nothing; a handle that is not open is ignored
 */
LIBSOCK_API void sock_clear_error(sock_t *s);

/**
 * The text of a code, such as "Connection refused"; always in English.
 *
 * PHP: socket_strerror().
 *
 * @param code  what sock_last_error() returned
 *
 * @return the text; never NULL; constant for every known code. That of an
 *         unknown one is valid until this thread asks again
 */
LIBSOCK_API const char *sock_strerror(int code);

/**
 * The last failure as a sentence: the verb, the address, the reason. Ask in a
 * statement of its own: among the arguments of one call it may be asked before.
 *
 * "bind 127.0.0.1:80: Permission denied".  A connect that tried several
 * addresses lists each with its reason.
 *
 * PHP: none; PHP prints a warning where this returns a text.
 *
 * @param s  as in sock_last_error()
 *
 * @return the sentence, at most LIBSOCK_MESSAGE_MAX bytes with its end; never
 *         NULL; "Success" if nothing failed. Valid until this thread asks
 *         again
 */
LIBSOCK_API const char *sock_last_message(sock_t *s);

#ifdef __cplusplus
}
#endif

#endif
