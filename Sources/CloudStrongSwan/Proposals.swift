import CloudCore
import CloudNetwork

/// How strongSwan spells what a tunnel may use.
extension VPNProposal {
    private var cipherWord: String {
        switch cipher {
        case .aes128: "aes128"
        case .aes192: "aes192"
        case .aes256: "aes256"
        case .aes128gcm: "aes128gcm16"
        case .aes192gcm: "aes192gcm16"
        case .aes256gcm: "aes256gcm16"
        case .aes128ccm: "aes128ccm16"
        case .aes192ccm: "aes192ccm16"
        case .aes256ccm: "aes256ccm16"
        case .camellia128: "camellia128"
        case .camellia192: "camellia192"
        case .camellia256: "camellia256"
        }
    }
    private var groupWord: String {
        switch group {
        case .group14: "modp2048"
        case .group15: "modp3072"
        case .group16: "modp4096"
        case .group19: "ecp256"
        case .group20: "ecp384"
        case .group21: "ecp521"
        }
    }

    /// For the talk of the gateways: a cipher that proves integrity itself needs the hash for keys alone.
    var ikeWords: String {
        [cipherWord, (cipher.isAuthenticated ? "prf" : "") + hash.rawValue, groupWord].joined(separator: "-")
    }
    /// For the packets.
    var espWords: String {
        ([cipherWord] + (cipher.isAuthenticated ? [] : [hash.rawValue]) + [groupWord]).joined(separator: "-")
    }
}
