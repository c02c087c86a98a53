/**
 * Captures for Wireshark and tshark.
 * @module rxzt/pcap
 */
export { type Captured, type PcapngOptions, type PcapngWriter, pcapng, pcapngWriter } from './streams/capture/pcapng.ts'
export { type Capture, type CapturedPacket, readPcapng } from './streams/capture/read-pcapng.ts'
