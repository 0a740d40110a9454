import CPKCS11
import CloudCore
import Glibc

/// A library that speaks PKCS#11, loaded into this process.
final class Library {
    private let table: UnsafeMutablePointer<CK_FUNCTION_LIST>
    var calls: CK_FUNCTION_LIST { table.pointee }

    /// - Throws: `unavailable`, with the reason, for what cannot be loaded, or is of another version.
    init(_ path: String) throws(CloudError) {
        func lack(_ why: String) -> CloudError { .unavailable("key store", "the PKCS#11 library \(path) \(why)") }
        guard path.hasPrefix("/") else { throw lack("is not named by its whole path") }
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw lack("cannot be loaded: \(dlerror().map { String(cString: $0) } ?? "no reason is given")")
        }
        guard let symbol = dlsym(handle, "C_GetFunctionList") else { throw lack("has no C_GetFunctionList") }
        var list: UnsafeMutablePointer<CK_FUNCTION_LIST>?
        let get = unsafeBitCast(symbol, to: CK_GET_FUNCTION_LIST.self)
        guard get(&list) == CKR_OK, let list else { throw lack("does not name its functions") }
        // Libraries of 3.x give the list of 2.40 by this name.
        guard list.pointee.version.major == 2 else {
            throw lack("speaks version \(list.pointee.version.major), not 2")
        }
        table = list
    }

    /// Throws what a call answered, unless it is well.
    func check(_ call: String, _ code: CK_RV) throws(Failure) {
        guard code == CKR_OK else { throw Failure(call: call, code: code) }
    }

    /// Makes the library ready. Done where it is.
    func initialise() throws(Failure) {
        var arguments = CK_C_INITIALIZE_ARGS()
        arguments.flags = CKF_OS_LOCKING_OK
        let code = withUnsafeMutablePointer(to: &arguments) { calls.C_Initialize($0) }
        if code != CKR_CRYPTOKI_ALREADY_INITIALIZED { try check("Initialize", code) }
    }

    /// Ends all sessions, and lets the library read its configuration anew when it is next made ready.
    func finalise() { _ = calls.C_Finalize(nil) }

    /// The tokens that are there: slot, label, and what the flags say.
    func tokens() throws(Failure) -> [(slot: CK_SLOT_ID, label: String, flags: CK_ULONG)] {
        var count: CK_ULONG = 0
        try check("GetSlotList", calls.C_GetSlotList(1, nil, &count))
        // More may come between the two calls.
        count = min(count, 1024) + 16
        var slots = [CK_SLOT_ID](repeating: 0, count: Int(count))
        try check("GetSlotList", calls.C_GetSlotList(1, &slots, &count))
        return slots.prefix(Int(count)).compactMap { slot in
            var info = CK_TOKEN_INFO()
            guard calls.C_GetTokenInfo(slot, &info) == CKR_OK else { return nil }
            var label = withUnsafeBytes(of: info.label) { Array($0) }[...]
            while label.last == 0x20 || label.last == 0 { label.removeLast() }
            return (slot, String(decoding: label, as: UTF8.self), info.flags)
        }
    }

    /// Opens a session that may write, and logs in.
    func logIn(_ slot: CK_SLOT_ID, as user: CK_ULONG, pin: [UInt8]) throws(Failure) -> CK_SESSION_HANDLE {
        var session: CK_SESSION_HANDLE = 0
        try check(
            "OpenSession", calls.C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nil, nil, &session))
        var pin = pin
        let code = calls.C_Login(session, user, &pin, CK_ULONG(pin.count))
        guard code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN else {
            _ = calls.C_CloseSession(session)
            throw Failure(call: "Login", code: code)
        }
        return session
    }
}
