import CloudCore
import CloudHost
import Glibc

/// A program for XDP that drops a guest's router advertisements and redirections (ICMPv6 134 and 137).
enum RouterGate {
    /// Loads it; the file must be closed when a device has it.
    static func load() throws(CloudError) -> Int32 {
        guard let address = dlsym(nil, "syscall") else { throw .fault("the C library has no syscall") }
        let call = unsafeBitCast(address, to: (@convention(c) (Int, Int, UnsafeMutableRawPointer, Int) -> Int).self)
        var program = Self.program
        var license: [UInt8] = Array("GPL".utf8) + [0]
        let file = program.withUnsafeMutableBytes { program in
            license.withUnsafeMutableBytes { license in
                // union bpf_attr: BPF_PROG_TYPE_XDP with the number of instructions, and two pointers.
                var attributes = [UInt64](repeating: 0, count: 16)
                attributes[0] = 6 | UInt64(Self.program.count) << 32
                attributes[1] = UInt64(UInt(bitPattern: program.baseAddress))
                attributes[2] = UInt64(UInt(bitPattern: license.baseAddress))
                return attributes.withUnsafeMutableBytes { call(number, 5, $0.baseAddress!, $0.count) }
            }
        }
        guard file >= 0 else { throw Files.failure("load", "the program that drops router advertisements") }
        return Int32(file)
    }

    /// bpf(2).
    #if arch(x86_64)
        private static let number = 321
    #else
        private static let number = 280
    #endif

    /// Drop for XDP is 1, pass 2. r2 is the packet, r3 its end, r4 the header behind that of IPv6.
    private static let program: [UInt64] = [
        // Shorter than what is looked at, or not IPv6: pass.
        op(0x61, 2, 1, 0), op(0x61, 3, 1, 4), op(0xbf, 4, 2), op(0x07, 4, value: 56), op(0x2d, 4, 3, 28),
        op(0x69, 5, 2, 12), op(0x55, 5, 0, 26, value: 0xdd86),
        // The next header: ICMPv6 is looked at; hop-by-hop is skipped; behind others may be anything.
        op(0x71, 5, 2, 20), op(0xbf, 4, 2), op(0x07, 4, value: 54), op(0x15, 5, 0, 13, value: 58), op(0x15, 5, 0, 3),
        op(0x15, 5, 0, 15, value: 43), op(0x15, 5, 0, 14, value: 60), op(0x05, 0, 0, 18),
        op(0x71, 5, 2, 55), op(0x67, 5, value: 3), op(0x07, 5, value: 8), op(0x0f, 4, 5), op(0xbf, 6, 4),
        op(0x07, 6, value: 1), op(0x2d, 6, 3, 11), op(0x71, 5, 2, 54), op(0x55, 5, 0, 4, value: 58),
        // The type of an ICMPv6 message.
        op(0x71, 5, 4), op(0x15, 5, 0, 5, value: 134), op(0x15, 5, 0, 4, value: 137), op(0x05, 0, 0, 5),
        // What hides its type behind further headers: dropped from where routers speak, which is fe80::/10.
        op(0x69, 5, 2, 22), op(0x57, 5, value: 0xc0ff), op(0x55, 5, 0, 2, value: 0x80fe),
        op(0xb7, 0, value: 1), op(0x95), op(0xb7, 0, value: 2), op(0x95),
    ]

    /// struct bpf_insn: code, destination and source register, offset, immediate value.
    private static func op(
        _ code: UInt64, _ destination: UInt64 = 0, _ source: UInt64 = 0, _ offset: UInt64 = 0, value: UInt64 = 0
    ) -> UInt64 {
        code | destination << 8 | source << 12 | offset << 16 | value << 32
    }
}
