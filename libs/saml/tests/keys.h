/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h: keys that sign nothing but tests, each with a certificate of its own. */
#ifndef TESTS_KEYS_H
#define TESTS_KEYS_H

#define RSA_KEY                                                              \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCjgzQPAwErh2o0\n" \
	"QTZLWIjsDs3djdwWMftoukivHIQ+zM7qzQbFSZx8wOYo8NfO/YSMrP3mpOv/qG+f\n" \
	"9cUdy3ys9MzQLIg+DRnYLEKMti3hcly6AS8JwPM4Of/cFIg+ogqOX+PA1Rm4qI1H\n" \
	"1+eErP8rx9zg+zigJNSAQ2jqSzRk0fqtJQ9m0obe/nbrTud4rA4mc/5ORWXOI2Eo\n" \
	"caWvpoDtg62Q0zv05wx8utk1B6umtN7fw0J7z1lzTFYj8sp+oJaCuBJjgWXZxT/u\n" \
	"IygF4RJpk082bTkglrhadPpTdStewbkHcjbqQSDbF/rih8ts8PUDEUWTuMY458QT\n" \
	"i7sDIHhPAgMBAAECggEAGZHvrCv4x4kvpJL7c0uZw0CKv7ZAJVW/o8sDNCSDfHFO\n" \
	"0mJ+8o87t46lmjVqVOZJui4QrpGP47UVb7BhbkgKFooEasbsBLghGIXOCm8wPEHu\n" \
	"xO+2dBIGdv6AR+G2GgVWcpla5nxCFMyBpisvULeKV/BeAZjdFr4WX9CAMajSaAmQ\n" \
	"f0KrM2jMz3j2e/9/NPNtvl1F/UM/RrFI63uUD+hkOuY0LdOOWSOg8nt/gWl2KcYN\n" \
	"701JHHOsTzuFrabzMqroJdHCFigH0Am/z5ktDVCrpyuZUpK5Mmu3IX3OOVHFrkS+\n" \
	"1CPgTj5Bhj9m88BOUQpvjU9bkUEmbG06gBeDtuh2EQKBgQDlYlP+I1LyBSVdNeLA\n" \
	"XE74yR3t5u5tLqnKn7c+ShHqvwMnWmPVrAbIInLo0QCgE/8dvYruZ+VeNNP81VIE\n" \
	"09XthIlmupfDvJP3SeX92nS1XgmHB+rL8VgFJMfHxgD1O3alDkDpLjDXVOQQsEkk\n" \
	"LiI5QWsWoUsiiNgjj6sB+L6pDQKBgQC2fDZew0YGUJYofSMia5SnA17H/CIE6f9z\n" \
	"elgyyZng8+hPOZ9Wg5OyQcHelUL9Ca/qqiQinAu7273ALI7Mp3Vg60izbAtny4XI\n" \
	"Xc6kWpth/q84phtrX8fx8W11YnDBjVwJRujBADEhww+7bHbJlSYlBhGJidDHvAa6\n" \
	"YH2g0TFXywKBgAfh1RkKhbMjUiFd1KjfgycxYgHmyZKe496+lkFhsjPq1GTpyjxx\n" \
	"aNo/tMsjQ248wat38+o1T8Bo+E/b1LGtxdAfmckZ6FUlicAZnfmXJCOHU7R8JSlU\n" \
	"5b1ngiXvO+ExZeZOExTwLWV42U1pgVno6+wjv1ZLvJU3NpYiPbIXphWRAoGBAJdN\n" \
	"Ub8sZSjjND0J1FG7pRr8vl9N+97bLQRQEkS5xq4vTRQzEJuoqJMJ1nZ4h3xJxePp\n" \
	"geB4RXpS7Xci+ptQ1Q+wxSyOjr5Wjuvca3L19RNBGYL8potWdO9zX3AOWLMCQ6cl\n" \
	"deJgCFyX4LljavIkieX0rCG/dK3GhkWNr1vhVuoVAoGAYgVS1NM5xAz7ROOT/HGw\n" \
	"Jtbl9wX2+Udqy3vvw+LIk/Qvm2h5ImnqTnvuwvfFfVTNZHnA1DIRRLV3wpBwk7r4\n" \
	"EWwqVNXIcqkC2iH6RLfSJwsrkKzIDnS66NKRVO3JPorE0ATcP23L3RPcpKHAR7di\n" \
	"E4VnmNzIBeyvv4flVifqnnI=\n"                                         \
	"-----END PRIVATE KEY-----\n"
#define RSA_CERT                                                             \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIIDDTCCAfWgAwIBAgIUIlATqLTIXWYYZ9XE0mwv4WAmqg0wDQYJKoZIhvcNAQEL\n" \
	"BQAwFjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwHhcNMjYxMTI4MjE0OTI5WhcNMzYx\n" \
	"MTI1MjE0OTI5WjAWMRQwEgYDVQQDDAtpZHAuZXhhbXBsZTCCASIwDQYJKoZIhvcN\n" \
	"AQEBBQADggEPADCCAQoCggEBAKODNA8DASuHajRBNktYiOwOzd2N3BYx+2i6SK8c\n" \
	"hD7MzurNBsVJnHzA5ijw1879hIys/eak6/+ob5/1xR3LfKz0zNAsiD4NGdgsQoy2\n" \
	"LeFyXLoBLwnA8zg5/9wUiD6iCo5f48DVGbiojUfX54Ss/yvH3OD7OKAk1IBDaOpL\n" \
	"NGTR+q0lD2bSht7+dutO53isDiZz/k5FZc4jYShxpa+mgO2DrZDTO/TnDHy62TUH\n" \
	"q6a03t/DQnvPWXNMViPyyn6gloK4EmOBZdnFP+4jKAXhEmmTTzZtOSCWuFp0+lN1\n" \
	"K17BuQdyNupBINsX+uKHy2zw9QMRRZO4xjjnxBOLuwMgeE8CAwEAAaNTMFEwHQYD\n" \
	"VR0OBBYEFMxUfyQRtUnO3lpL2oYXYq1znlKaMB8GA1UdIwQYMBaAFMxUfyQRtUnO\n" \
	"3lpL2oYXYq1znlKaMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEB\n" \
	"AC6NYfCa4ij7G9B1s4JPwAT0LNmI8WgMPoSdUGMEcTXmWuE5T7kfFt3+qKN5yZJa\n" \
	"MJ1b72sf8jb7940H0oMtVEr8u5Nx1VRj5I4/vyVXUlLRBIjLa1C00q6wHwiQAK6q\n" \
	"6Y+Gun4tMZu8CfSMxNY/UcM/nKzaAuSVYr18WPwKkCc34glm93a8YEaCGmH+yWHM\n" \
	"lapvwP6fta6oVVi0Br/pzZ1cuaKiXiFuba4m9X15Qw670muCcuT9RY+QxRPdx/mp\n" \
	"oZrbQdxlqmlsFch1vGFGCDKax41fpZvnKkUjs5yVM5fRXi1kd3jptUPud9E1vyTe\n" \
	"+ID7OaXZEK2FyPg0NISXssg=\n"                                         \
	"-----END CERTIFICATE-----\n"
#define P256_KEY                                                             \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgbSYGlq5T/PboUhZJ\n" \
	"N3GDLcbTnoDr7UpdlJf/QupwYG2hRANCAAS4DqfCIgA/u/IkAANAVdq8viEyO5F1\n" \
	"nk+yxY6ppff6jaYd6ObrMABdSTocExWwnYFAQQLRuZAQux2llje8mKTV\n"         \
	"-----END PRIVATE KEY-----\n"
#define P256_CERT                                                            \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIIBgTCCASegAwIBAgIUPNMMN04z4wRf/scEVwblbdsxrcwwCgYIKoZIzj0EAwIw\n" \
	"FjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwHhcNMjYxMTI4MjE0OTMwWhcNMzYxMTI1\n" \
	"MjE0OTMwWjAWMRQwEgYDVQQDDAtpZHAuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqG\n" \
	"SM49AwEHA0IABLgOp8IiAD+78iQAA0BV2ry+ITI7kXWeT7LFjqml9/qNph3o5usw\n" \
	"AF1JOhwTFbCdgUBBAtG5kBC7HaWWN7yYpNWjUzBRMB0GA1UdDgQWBBQt3x1aUZpZ\n" \
	"AuxgTvxaflzhW3tOwzAfBgNVHSMEGDAWgBQt3x1aUZpZAuxgTvxaflzhW3tOwzAP\n" \
	"BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIFXjVwGsNAuXiufvl82c\n" \
	"y4SWA45/uLpUcE2QI+1L17V7AiEAoPvo9Ag2PfdUt6CfIoipalFKyU6u9gHdpgTu\n" \
	"JH2UtXg=\n"                                                         \
	"-----END CERTIFICATE-----\n"
/* The same key in a certificate of version 1, and in one of version 3 without extensions. */
#define P256_CERT_V1                                                         \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIIBJzCBzQIUdCNiVEwqzVnplN70EvocyHameuswCgYIKoZIzj0EAwIwFjEUMBIG\n" \
	"A1UEAwwLaWRwLmV4YW1wbGUwHhcNMjYxMTI4MjIzNjU2WhcNMzYxMTI1MjIzNjU2\n" \
	"WjAWMRQwEgYDVQQDDAtpZHAuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n" \
	"A0IABLgOp8IiAD+78iQAA0BV2ry+ITI7kXWeT7LFjqml9/qNph3o5uswAF1JOhwT\n" \
	"FbCdgUBBAtG5kBC7HaWWN7yYpNUwCgYIKoZIzj0EAwIDSQAwRgIhAPz4ujRBnv/C\n" \
	"CEvGkvFBKbkLtEmHoEnJKscCnVSwzVNiAiEA5Z+J58ppyqqyzihaewy3Ow20bV2c\n" \
	"DK12OWXRjjdwfwk=\n"                                                 \
	"-----END CERTIFICATE-----\n"
#define P256_CERT_BARE                                                       \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIIBLDCB0qADAgECAhRDHz0zCfB8ZddHxck5xcMxDGtvezAKBggqhkjOPQQDAjAW\n" \
	"MRQwEgYDVQQDDAtpZHAuZXhhbXBsZTAeFw0yNjExMjgwMDAwMDBaFw0zNjExMjUw\n" \
	"MDAwMDBaMBYxFDASBgNVBAMMC2lkcC5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZI\n" \
	"zj0DAQcDQgAEuA6nwiIAP7vyJAADQFXavL4hMjuRdZ5PssWOqaX3+o2mHejm6zAA\n" \
	"XUk6HBMVsJ2BQEEC0bmQELsdpZY3vJik1TAKBggqhkjOPQQDAgNJADBGAiEA4p3O\n" \
	"Y/DMBpen/krh2yMLSd+HaQlTNENfXdOtud9Nx5oCIQC7a32rXbJ6ID8GKLm9HEjh\n" \
	"SnbvqbIo7EEBDN6M0/CqYw==\n"                                         \
	"-----END CERTIFICATE-----\n"
#define P384_KEY                                                             \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDDYomRgLwSghqD4NV+t\n" \
	"XETPs2dwMyr5bHAh9qOHX5UThW17IFjO0mNjwXqUOtzsUiOhZANiAAT/9irWfNqL\n" \
	"koAWrVEQjLTMUOSjFghXq3ejBa3x9Dhrt+3gvXPPqUQML9NScYybgIKDgOQTextQ\n" \
	"SKMuwyCrffurA2P48H3F6IMwx+1HmJKTo7qy/QHDQ5TxjNJS2PKPLyA=\n"         \
	"-----END PRIVATE KEY-----\n"
#define P384_CERT                                                            \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIIBvTCCAUSgAwIBAgIUFm5CQ5cZX3OhZ9bEc8kFWUloww8wCgYIKoZIzj0EAwIw\n" \
	"FjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwHhcNMjYxMTI4MjE0OTMwWhcNMzYxMTI1\n" \
	"MjE0OTMwWjAWMRQwEgYDVQQDDAtpZHAuZXhhbXBsZTB2MBAGByqGSM49AgEGBSuB\n" \
	"BAAiA2IABP/2KtZ82ouSgBatURCMtMxQ5KMWCFerd6MFrfH0OGu37eC9c8+pRAwv\n" \
	"01JxjJuAgoOA5BN7G1BIoy7DIKt9+6sDY/jwfcXogzDH7UeYkpOjurL9AcNDlPGM\n" \
	"0lLY8o8vIKNTMFEwHQYDVR0OBBYEFFIBmVyPYUkhj1q47kXN/mRRlJyAMB8GA1Ud\n" \
	"IwQYMBaAFFIBmVyPYUkhj1q47kXN/mRRlJyAMA8GA1UdEwEB/wQFMAMBAf8wCgYI\n" \
	"KoZIzj0EAwIDZwAwZAIwdv1M6avBCPVWSLVYEPlc4/EKykS4AAs1l7BE1Gr+3sUR\n" \
	"Sd9PhZ/fWBexr3QuMTFUAjBK/ksTasy2LFO1J8hkYJeqJ64KhZ5HTPltjeW1OBJN\n" \
	"R0E73ilwRfeFlkusK624JHQ=\n"                                         \
	"-----END CERTIFICATE-----\n"
#define STRANGER_KEY                                                         \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQDC0ht4S7j+u65x\n" \
	"PYZfrMHtuEl8I8hCy1yCj9aGpTBX9r7meTytZaUYcaeZPv/eoKcVMHFncYI2e6Uf\n" \
	"DwUsZC1dpXlvawZS2XIgU5J8QWEu7AG31JtLcQdaU5cBpcBgJPT/MwRF5xvv5j1/\n" \
	"3SeH8+WCNXk+fpHw2UbZzgCx84qWgtlj+oANuFNVNqlQ6NG7/0LEXSDjtceLKQyR\n" \
	"H5+PQKqjmqgMfCeBbNsEkf53cUvLEQmYHLRC8VpKQXPtCDjKgsE+HLrOABM2v2mK\n" \
	"fQDd5mUPsYFCc+q/glzJ9SbgmKrhxkDh2KPGkfALsfVGtvI+P6gG/ik3aMWUL84r\n" \
	"F71/In7VAgMBAAECggEABxUpi6p1v7MLNjw2SqZRSDxrKtYdMB/MYvBqQZZh/Hdb\n" \
	"Z4MbAN3MDlMGyg7iMVHgs9KWnjFgT8KX1UTP8MDKl8KN4zj+RPGj+8dgsQo/x3uB\n" \
	"MNGhUgaPrcm8rhdnIp0CrYAeuhDbG+dgWdSXMj2HHOr8l62fziRZYPk43r9RIkQa\n" \
	"xGj2G9YSsx8+tzLboXWIa7+zMAscfJ/DqI6dFJj/tiwNjaKbscYMiFM/V8G0yEDB\n" \
	"2K5i/3sdPCsLkyCo39JgPt0WQADNGTOzMsdzr137DRQlChFLJmG0WjxsWvRb5xPL\n" \
	"OkrYpmM9LRWiAXB0xWji+CZ+L4X6MX+n+kHrEB63UQKBgQDvCF6zKN2LvY8b6TV9\n" \
	"cYic5DZklKC25XXSPM2BnvypxqFeiI4x3xc1tYOlfgLk0sAdGYPvrzrh7r0L/8hz\n" \
	"mvVVbbDBHhLpR9ILi3IXFF5vL3SGi/+oNUDE5QsyPfKWyYrGiBXjLcWtHHMkC7dl\n" \
	"gLZxUf/Krh6udJiC/GYB8oPXEQKBgQDQplS2ruo2VvgAnJCv6uPl5G+ppldmppYf\n" \
	"0Xm9rf+dx3uhmecjFnLyGgvCfsajbk5RBrTPXyaFwgkl1m1obPnWFrWwc+vKufyb\n" \
	"wNnQZ5EjVA2niQyT4EYUt60asYZjYQhz8HkmFzYpM8NTKUYQ0wa3ExpSrfuWHmFn\n" \
	"JUk3K9WThQKBgFGegAeZCp0uqvES3qro24cG/fO2NHJ/Q434KQv7p7apFmzbIAKz\n" \
	"dI9oXX1i28YamHLXRY/QO8Dt7itsuZuP6/mxrMskY7y4Q2ahxOFQmTZJ8/YFU9Sx\n" \
	"6l3Q/9O2B2Gpi/NigGbEOF11+3LxdTv5iVKEd11TuzJCqdkAKiy8DHyhAoGBAIan\n" \
	"ga5wThkJoX4LjNjrV27LMUEkZ+2IfwRD1TSTsY7q6Z/OSjv7xez24DYCSUG583MZ\n" \
	"R+E5AAx8wBiaPPuSsN34xAL/nOG1jBAcsrVr0WAiY7mGmgZpS/Ec5OuAPEGwopro\n" \
	"S9dITZzjmh/2WBCNkBzgiDFptR8ZtjSx/IFNmcVdAoGBALogaTWvuiIpVdtlvrxZ\n" \
	"j+lloe97SQ5oAkA3zL8+S81aVYzb/pkBby7JytRFtzKbB2I3dzAwG4o+Y3CXY62D\n" \
	"X8sp8xShZE2KHVA9y1mMGZ1YVDjrR/ESpuG1zqDM9J8CQ/cuR7qUR2AJNKGQfW4a\n" \
	"39jwZX3emdWXWLOgk+Kc2/Kj\n"                                         \
	"-----END PRIVATE KEY-----\n"
#define STRANGER_CERT                                                        \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIIDDTCCAfWgAwIBAgIULcn824xjCbeu4mk29qTDVvLbf34wDQYJKoZIhvcNAQEL\n" \
	"BQAwFjEUMBIGA1UEAwwLaWRwLmV4YW1wbGUwHhcNMjYxMTI4MjE0OTMwWhcNMzYx\n" \
	"MTI1MjE0OTMwWjAWMRQwEgYDVQQDDAtpZHAuZXhhbXBsZTCCASIwDQYJKoZIhvcN\n" \
	"AQEBBQADggEPADCCAQoCggEBAMLSG3hLuP67rnE9hl+swe24SXwjyELLXIKP1oal\n" \
	"MFf2vuZ5PK1lpRhxp5k+/96gpxUwcWdxgjZ7pR8PBSxkLV2leW9rBlLZciBTknxB\n" \
	"YS7sAbfUm0txB1pTlwGlwGAk9P8zBEXnG+/mPX/dJ4fz5YI1eT5+kfDZRtnOALHz\n" \
	"ipaC2WP6gA24U1U2qVDo0bv/QsRdIOO1x4spDJEfn49AqqOaqAx8J4Fs2wSR/ndx\n" \
	"S8sRCZgctELxWkpBc+0IOMqCwT4cus4AEza/aYp9AN3mZQ+xgUJz6r+CXMn1JuCY\n" \
	"quHGQOHYo8aR8Aux9Ua28j4/qAb+KTdoxZQvzisXvX8iftUCAwEAAaNTMFEwHQYD\n" \
	"VR0OBBYEFHR84PC02PAk9WvzTKzLpxKj5t3jMB8GA1UdIwQYMBaAFHR84PC02PAk\n" \
	"9WvzTKzLpxKj5t3jMA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQELBQADggEB\n" \
	"AJ0PNkir2ad3iC7YpSRig9CO8WHjUkeIyHdZqiubItm1apNhNYjz0vEwh5LevJpM\n" \
	"VqgbRWN1WejTDeXs6V4AqH7zK3hKLfIdcYjQQthYaiW5ZNZ23A94UopKo+u+zTYr\n" \
	"98VDkOPMomXuB0p7sofgHKnS3OEQz1Z5cJSB2vPNStIKbI41/H3Nryc5qSb/fSOT\n" \
	"7xLur9AP5Jv76z1F7g4TUCyoevkLxsMBvobU6hbbxCc/pT4gCH3vUtwCSOmfhA0/\n" \
	"zzDJeCI75W6yHyJxrJH+ZP06gyqZSSG1IOUpJu5N2Sd/OrI655A0n7rQM/VML2M3\n" \
	"X0plFHBAIPv9/SK46dqKTaw=\n"                                         \
	"-----END CERTIFICATE-----\n"
#define RSA1024_KEY                                                          \
	"-----BEGIN PRIVATE KEY-----\n"                                      \
	"MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAKTntqndD7P2n7SZ\n" \
	"7fvYXh/UgUAxtIN94C73ZpMTRjZHrAteHq0IGm2DpcIsVX1HQ1bHvhLIIqMiyiYX\n" \
	"D0P3K0yhZVj2ov9aeKA9yCRWwvO/fEORtUCfG6fk0zCUAHN0KyAR3FBSSOzcwhPc\n" \
	"MaPVImBnCq57Q8YrDaaxsOMSZpIbAgMBAAECgYBycemgi635PMDryySR80CnoIiv\n" \
	"L4/S7gonLkX+7pJ821L4dLKfbY9Bz+q7Dp+qGUoPsQIl8MWxKFTZCInspl5ia7Wq\n" \
	"D4eM1QS/ARNyeBmLe1HmDyAotqffiBujEsbwCWZyBh0QVZO4C0sAQdgKn4qtwaY8\n" \
	"VIIU0HcZyMd8hRBweQJBANnjCkGAFzKd080SPpKJSyZV1iJW5a2DybIeHH/BM7lg\n" \
	"lEio7JmlZLUFW07E+3O6ZDRXgrBqTLgjJ77Y3NJwBp0CQQDBwCeJtB6Yw6jooNl+\n" \
	"TAViaqo9RK3V2OA1IdvmIJSWml6Y7jDGOFKg2yr5gDJ6PjKZ3rI5b30GiNclw13A\n" \
	"r8IXAkBzGjJnyb/3eFLUSagOh0LQ3JWDjH5GvJEHbErH3otxiair/bkHrczWqB7F\n" \
	"LOBdEYEv+W7LvUwMFl4/vpZhANctAkBpMiqFcr12Fi3ceJD+KMp3oBBkiaiUxlcd\n" \
	"og+iCCiFCLW59QGYbjY2ziisJPXDN4gD0U0VMDpC1QNzpnp9xy/rAkEAlACAgjGe\n" \
	"5K1V7NhIRngGYFJz4p90734IN3ZXWImP7goDwXrIRpqPNEjtIcWpDkNbAoXGjBS4\n" \
	"tz4xU9YMmx+7Yw==\n"                                                 \
	"-----END PRIVATE KEY-----\n"
#define RSA1024_CERT                                                         \
	"-----BEGIN CERTIFICATE-----\n"                                      \
	"MIICCjCCAXOgAwIBAgIUBdDmu/0dcLKHd06jEmbspykrWokwDQYJKoZIhvcNAQEL\n" \
	"BQAwFzEVMBMGA1UEAwwMd2Vhay5leGFtcGxlMB4XDTI2MTEyODIxNDkzMFoXDTM2\n" \
	"MTEyNTIxNDkzMFowFzEVMBMGA1UEAwwMd2Vhay5leGFtcGxlMIGfMA0GCSqGSIb3\n" \
	"DQEBAQUAA4GNADCBiQKBgQCk57ap3Q+z9p+0me372F4f1IFAMbSDfeAu92aTE0Y2\n" \
	"R6wLXh6tCBptg6XCLFV9R0NWx74SyCKjIsomFw9D9ytMoWVY9qL/WnigPcgkVsLz\n" \
	"v3xDkbVAnxun5NMwlABzdCsgEdxQUkjs3MIT3DGj1SJgZwque0PGKw2msbDjEmaS\n" \
	"GwIDAQABo1MwUTAdBgNVHQ4EFgQUgsPPx0+EKUDio85ZanUwmLVdWFIwHwYDVR0j\n" \
	"BBgwFoAUgsPPx0+EKUDio85ZanUwmLVdWFIwDwYDVR0TAQH/BAUwAwEB/zANBgkq\n" \
	"hkiG9w0BAQsFAAOBgQAASqzihWl8+w9Hkyj6cQe91mkX4qg4zmnPzj+KC57+ywE9\n" \
	"5Q12IMXLf9OZIOqYdfvqhr9t0MWeuDsRn0mLPzo0ReIESy8CyXyQ579ko3W99IXh\n" \
	"21QnmHBl2L3u0MS+qJi9G9QxYYc3lVS7mlZ/0icgqBXQDeYE5RzbT6yUH+AL9Q==\n" \
	"-----END CERTIFICATE-----\n"

#endif
