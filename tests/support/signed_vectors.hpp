// Signatures made with OpenSSL's command line, of sim::firmware_image("2.0", 4000) filled up with FF to 4096 bytes. As
// it prints them: hexadecimal, the most significant digit first.
//
//   openssl genrsa -out rsa.pem 3072; openssl ecparam -name prime256v1 -genkey -noout -out p256.pem; ... secp384r1
//   openssl dgst -sha256 -sign rsa.pem -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 signed.bin
//   openssl dgst -sha256 -sign p256.pem signed.bin; openssl dgst -sha384 -sign p384.pem signed.bin
#pragma once

#include <string_view>

namespace dualbank::signed_vectors {

/// sha256sum signed.bin, sha384sum signed.bin
inline constexpr std::string_view kSha256 = "c775af750eeeebb9a1e701948b143ddb7170a3a996a7fddfb82a24869c10a647";
inline constexpr std::string_view kSha384 =
    "0f78347d69ce6fd87e9118a131eda31b5ad23dceeee8d4a30e810eb61e130c35b768103ca96e8425e89f9f275fa24af4";

/// The exponent is 65537. R = 2^6144 mod n and M' = -1/n mod 2^32, by Python's pow().
inline constexpr std::string_view kRsaN =
    "a04091b4c4061406db13699546d8546ecfde578d1e91ae5c54e60e9cd90bb1458c658731e11523ab4a6f86dfa8db5f82e32b1e1217cf4d3b"
    "3d51e2e33688bb0999beaac6869ab978712ac329d1a08e382dde7062448dbbee24ad480d307c95b955ef0312afc162b5625d63a119eb3b6a"
    "f5785fa958735366e3d04633cead6a843780d10c71d00cd9b22ffa835818512b7847f402c621a65d28b0103568077554418826b8918d3e1e"
    "b8a956cedbd462a37852c6c70a89e7f6907cf4c8b79f65b95587d19a7d79ba2fb5df701255a7ce5e6a10488318d4e913f31e5b5f8747a9d1"
    "c43ecae762956d3afcc01696231d047d3d48d6195a879bf1284e5448e5d4576d83b5aec12cc3835f5401eadbaa00080727b4183e9c4ea60b"
    "c0bba4eafe39ad0e9e8a33b5b9966da4e6a54fbefc1d4d315eccfbd33d4e464a800bb24ad5172a201ffcca3e5fc3c1489034d96edae21f68"
    "ef9c6f1cb0dbd3d3241154b04b6889c2148cff25e8a7ea66f5512eaffe4a3707af6953077f218a67b0fd765c2850c2df";
inline constexpr std::string_view kRsaR =
    "08d8d7a1a6e2a45719a89de4b41391fce916c9820c765dee7509539ae78f710a0e4736a138576dc504f4eddcdb484ea7add8f326535c0bed"
    "62ad2b65371a338e184cfbc64460eeaad9115c617ebfabc52667fc72dbd22b0462f9a9c81a87d0786d2cac10723a01476795d1139becf7a9"
    "5901282c90e5e5eb606c4dccc67acb7bb1020f950f8d5b35af7c7b312c6f2c4c52e96e05652b7c5d4fc324a93322c41fb452e6beeb7ce8d6"
    "c1873619b1f582e3eb044e59c46bf1506cec9b67a2b3b5921a49f45ca8f927b3766aee181839fbae4fdfe7e097967f47577cab851a042331"
    "b6e134f2ab77589a0e2780f4fe38e5be242e6be43f16e296fb8c8c78420439b33484db8e2dee276ad05c96b2178ba5f7acddcffdfd566b5d"
    "ab30ac8bfe736fe419286afed365461f671aefe5f6b9b87f506485a2953f4032f126b5cb3fb64e8849bfb6ba2374f53ea4499a8ff9e37cfd"
    "313b197dc87da9e797a0447d9c7c37aebe3fbcc9e971830fdba965deb27d951511f7eb7a7eb1ef77e239320b69343c21";
inline constexpr std::string_view kRsaM = "f97c86e1";
inline constexpr std::string_view kRsaSignature =
    "91a85306ae2623205924f14046597f14d85e52faffdf1fd92d65b44b49947aadf9ded47cfdbded2cedf02cb8b67f5eb7e6e868c2d262ae3e"
    "0e53465ac2099ef93aa7de8f5c633996f6923b6bd9fbb7e8475226d3fa4bbbddc984d9a051cf5b3a42761194f8fd03228d8ad863c1a284e3"
    "937891689cc5f8585010766e7e175bafbd1283e8487c99e68c287000b1b7c6bbbbb49159f4a997045e9b1a93875051a779d53b1f8bd51b65"
    "0c68ab3174b628234ae43c7903f9c4641f17def2ab3df85854a87bd995aa1835ede662238fc5f3e511f38838c0af9523371f882dbf937b41"
    "b33b8f7f58257705c023e5fb1bf2e708b074e1d602a029931917140799a93cfbe1ce3c536a8580f73a391b8ae9b9f2a791c1802bcebf1053"
    "6e98ea4ad6e0c6c13bf1c2877c1c38d70e5c3e9c0ad5998cb3712a1537d3786922343b825bb3b7a9d4c8ed6b7aa81755cf305051af1b046f"
    "7fde1d089b6ec4ac8d90f6b3e8424601d4a856d07d3f5b07ac79739e4ec3dfe7eb9a5da4179f9759e6397342e2a37a3b";

struct CurveVector {
  std::string_view x, y, r, s;
};
inline constexpr CurveVector kP256{"aae9ee16c12ae34ef7ce8744b982b1bb198a2252fdfc83bdf8bf95478e93b37e",
                                   "e1d76d0d850352eca08d6ee564a7084dcd4498ea87ded32089238fe1e69ebfc9",
                                   "8947d29ab995e577914a8e11e11831b8adfc7c9caaa1a8e3699d2f5ff48ba74e",
                                   "0bd58fd3dfcef3df7f03319b0d22eb04601f8c9ebe52e5a56fe8ff108d19b490"};
inline constexpr CurveVector kOtherP256{"96a1356f8014b99e2e644cc5e9c3b6044a44ac00c2927c299045fe2111878ed4",
                                        "9302b284ed87924ddf9e82ef254b11e12ada37602676c63104dc0770c6dd8435",
                                        "b813b2d6b312420b8796def2fead870d5e3f32ba2c6a69449be4b8ad1ed97a83",
                                        "a24e8f56476a96228d28c33bd4b523c6f099fc5ed2f121e64e8ba6ca80bbdef4"};
inline constexpr CurveVector kP384{
    "4ac406bdba5a80c0c75d935a53139fd748d43b9960632f0e7d11eab242aa58760a16b09959b370cc87f3809abbac486f",
    "a73073c35701d6c8ecf668ea67aed579bd16e1f14bcb2b6bd81045552d20d54a60ecf6d925a0cef62c13ec02fbfd917c",
    "87f57cb2426e7f88a1fd64af71e001dfabb26a0109036f0a53f8ef079c7ea63f0d75def3cc06cd993ef0553d82d563cf",
    "1e0ee463e3ab1c6967f99c4e7ce2934f957ce567d26e492014611392bceac5821324b1cac8e0f5f40b9c2cd791232353"};

}  // namespace dualbank::signed_vectors
