import CloudCore
import CloudHost
import Glibc

@testable import CloudOVN

extension Tap {
    /// Opens a tap as a guest's QEMU does, sends a frame and waits 1.5 seconds for the answer.
    static func ask(_ name: String, _ frame: [UInt8], isAnswer: ([UInt8]) -> Bool) throws(CloudError) -> Bool {
        let file = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { throw Files.failure("open", "/dev/net/tun") }
        defer { close(file) }
        var request = [UInt8](repeating: 0, count: 40)
        request.replaceSubrange(0..<name.utf8.count, with: name.utf8)
        request.replaceSubrange(16..<18, with: [0x02, 0x50])
        guard ioctl(file, 0x4004_54ca, &request) == 0 else { throw Files.failure("attach", name) }
        // Every frame follows a virtio_net_hdr of ten bytes.
        let packet = [UInt8](repeating: 0, count: 10) + frame
        var buffer = [UInt8](repeating: 0, count: 4096)
        for turn in 0..<300 {
            // Again and again: for up to a second after it was opened, the kernel drops what is sent to it.
            if turn % 20 == 0, write(file, packet, packet.count) != packet.count { throw Files.failure("write", name) }
            let count = read(file, &buffer, buffer.count)
            if count > 10, isAnswer(Array(buffer[10..<count])) { return true }
            usleep(5000)
        }
        return false
    }
}
