// Stand-in, see README.md.
#pragma once

typedef enum { SHA1 = 0, SHA2_224, SHA2_256 } SHA_TYPE;
typedef SHA_TYPE esp_sha_type;
