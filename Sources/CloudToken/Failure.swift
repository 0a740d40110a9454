import CPKCS11
import CloudCore

/// A call of the library that was refused; never leaves this module.
struct Failure: Error {
    /// The function's name, without `C_`.
    let call: String
    let code: CK_RV

    /// The session, the login or the library's state is gone; another session may find all well.
    var isLost: Bool {
        switch code {
        case CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED, CKR_USER_NOT_LOGGED_IN, CKR_CRYPTOKI_NOT_INITIALIZED,
            CKR_DEVICE_ERROR, CKR_DEVICE_REMOVED, CKR_TOKEN_NOT_PRESENT, CKR_OPERATION_ACTIVE:
            true
        // Another process has just removed the key; a new session does not know its number.
        case CKR_KEY_HANDLE_INVALID, CKR_OBJECT_HANDLE_INVALID: true
        default: false
        }
    }

    var isPIN: Bool {
        switch code {
        case CKR_PIN_INCORRECT, CKR_PIN_INVALID, CKR_PIN_LEN_RANGE, CKR_PIN_EXPIRED, CKR_PIN_LOCKED: true
        default: false
        }
    }

    /// The token's rules do not let keys come in from outside.
    var isUnwelcome: Bool {
        switch code {
        case CKR_TEMPLATE_INCONSISTENT, CKR_TEMPLATE_INCOMPLETE, CKR_ATTRIBUTE_READ_ONLY, CKR_ATTRIBUTE_TYPE_INVALID,
            CKR_ATTRIBUTE_VALUE_INVALID, CKR_FUNCTION_NOT_SUPPORTED:
            true
        default: false
        }
    }

    /// What a token may answer to a sealed text that is not its own. SoftHSM says no more than that it failed.
    var mayBeText: Bool {
        switch code {
        case CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE, CKR_GENERAL_ERROR, CKR_FUNCTION_FAILED: true
        default: false
        }
    }

    /// For whoever called us.
    func error(_ place: TokenPlace) -> CloudError {
        let text = "C_\(call) of the token '\(place.label)' answers \(Self.name(code))"
        return .unavailable("key store", isPIN ? text + " to the PIN of \(place.pinFile)" : text)
    }

    private static func name(_ code: CK_RV) -> String {
        let names: [CK_RV: String] = [
            CKR_HOST_MEMORY: "HOST_MEMORY", CKR_GENERAL_ERROR: "GENERAL_ERROR", CKR_FUNCTION_FAILED: "FUNCTION_FAILED",
            CKR_DEVICE_ERROR: "DEVICE_ERROR", CKR_DEVICE_MEMORY: "DEVICE_MEMORY",
            CKR_DEVICE_REMOVED: "DEVICE_REMOVED", CKR_PIN_INCORRECT: "PIN_INCORRECT", CKR_PIN_INVALID: "PIN_INVALID",
            CKR_PIN_LEN_RANGE: "PIN_LEN_RANGE", CKR_PIN_EXPIRED: "PIN_EXPIRED", CKR_PIN_LOCKED: "PIN_LOCKED",
            CKR_TOKEN_NOT_PRESENT: "TOKEN_NOT_PRESENT", CKR_TEMPLATE_INCONSISTENT: "TEMPLATE_INCONSISTENT",
        ]
        let number = "0x" + String(code, radix: 16)
        return names[code].map { "CKR_\($0) (\(number))" } ?? number
    }
}
