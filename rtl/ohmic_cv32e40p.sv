// CV32E40P as a cluster's core: PULP extensions, cv.elw, no FPU; the two OBI ports, sleep, interrupts and a tap.
//
// The tap exports what a retirement checker needs, as plain signals of the three stages in the current cycle; the
// model behind it puts them in order (ip/rtl_core/retire_tap.h). Nothing of the core is edited.
module ohmic_cv32e40p (
    input logic clk_i,
    input logic rst_ni,
    input logic [31:0] boot_addr_i,
    input logic [31:0] hart_id_i,
    input logic fetch_enable_i,

    output logic        instr_req_o,
    input  logic        instr_gnt_i,
    input  logic        instr_rvalid_i,
    output logic [31:0] instr_addr_o,
    input  logic [31:0] instr_rdata_i,

    output logic        data_req_o,
    input  logic        data_gnt_i,
    input  logic        data_rvalid_i,
    output logic        data_we_o,
    output logic [ 3:0] data_be_o,
    output logic [31:0] data_addr_o,
    output logic [31:0] data_wdata_o,
    input  logic [31:0] data_rdata_i,

    input  logic [31:0] irq_i,
    input  logic        debug_req_i,
    output logic        core_sleep_o,

    // Coming to rest: debug_req_i halts the instruction in ID in this cycle; the core is in debug mode.
    output logic        debug_served_o,
    output logic        debug_mode_o,

    // Always used: which instruction is where, and whether interrupts are on.
    output logic        issued_o,         // an instruction left ID in the cycle before
    output logic        trapped_o,        // an exception was taken in the cycle before: mepc_o and mcause_o tell which
    output logic        id_filled_o,
    output logic [31:0] pc_id_o,
    output logic        fence_i_o,        // the instruction behind a fence.i is fetched anew
    output logic        elw_busy_o,       // cv.elw requested, not answered
    output logic [31:0] mie_o,
    output logic        mstatus_mie_o,
    output logic [31:0] irq_enable_o,     // lines that are enabled from the next cycle on: mie, 0 without mstatus.MIE
    output logic [ 2:0] hwlp_written_o,   // the instruction issued in the cycle before has written a hardware loop's
                                          // start, end, count
    output logic        hwlp_number_o,    // of which loop

    // Tap.
    output logic        issue_o,
    output logic [31:0] instr_id_o,
    output logic        compressed_id_o,
    output logic        ex_ready_o,
    output logic        misaligned_o,     // first half of a misaligned access is in EX
    output logic        second_half_o,
    output logic        alu_we_o,
    output logic [ 5:0] alu_waddr_o,
    output logic [31:0] alu_wdata_o,
    output logic        mem_req_ex_o,
    output logic        mem_we_ex_o,
    output logic [ 1:0] mem_type_ex_o,
    output logic [31:0] mem_addr_ex_o,
    output logic [31:0] mem_wdata_ex_o,
    output logic        wb_ready_o,
    output logic        lsu_we_o,
    output logic [ 5:0] lsu_waddr_o,
    output logic [31:0] lsu_wdata_o,
    output logic        trap_o,
    output logic [ 5:0] trap_cause_o,
    output logic [31:0] trap_pc_o,
    output logic [31:0] mepc_o,
    output logic [31:0] mtvec_o,
    output logic [31:0] mscratch_o,
    output logic [ 5:0] mcause_o,
    output logic        mstatus_mpie_o,
    output logic [31:0] lpstart_o[2],
    output logic [31:0] lpend_o[2],
    output logic [31:0] lpcount_o[2],
    input  logic [ 4:0] reg_sel_i,
    output logic [31:0] reg_o
);
  import cv32e40p_apu_core_pkg::*;

  cv32e40p_core #(
      .COREV_PULP(1),
      .COREV_CLUSTER(1),
      .FPU(0),
      .NUM_MHPMCOUNTERS(1)
  ) core_i (
      .clk_i,
      .rst_ni,
      .pulp_clock_en_i(1'b1),  // the model holds clk_i still instead, see clock_gate.sv
      .scan_cg_en_i(1'b0),
      .boot_addr_i,
      .mtvec_addr_i(32'h0),
      .dm_halt_addr_i(32'h0),
      .hart_id_i,
      .dm_exception_addr_i(32'h0),
      .instr_req_o,
      .instr_gnt_i,
      .instr_rvalid_i,
      .instr_addr_o,
      .instr_rdata_i,
      .data_req_o,
      .data_gnt_i,
      .data_rvalid_i,
      .data_we_o,
      .data_be_o,
      .data_addr_o,
      .data_wdata_o,
      .data_rdata_i,
      .apu_busy_o(),
      .apu_req_o(),
      .apu_gnt_i(1'b0),
      .apu_operands_o(),
      .apu_op_o(),
      .apu_flags_o(),
      .apu_rvalid_i(1'b0),
      .apu_result_i('0),
      .apu_flags_i('0),
      .irq_i,
      .irq_ack_o(),
      .irq_id_o(),
      .debug_req_i,
      .debug_havereset_o(),
      .debug_running_o(),
      .debug_halted_o(),
      .fetch_enable_i,
      .core_sleep_o
  );

  assign debug_served_o = core_i.id_stage_i.controller_i.debug_req_entry_n;
  assign debug_mode_o = core_i.debug_mode;
  assign issued_o = core_i.mhpmevent_minstret;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) trapped_o <= 1'b0;
    else trapped_o <= trap_o & ~trap_cause_o[5];
  end
  assign id_filled_o = core_i.instr_valid_id;
  assign pc_id_o = core_i.pc_id;
  // The core treats fence as fence.i; what is behind its instruction port is flushed by the latter only.
  assign fence_i_o = core_i.pc_set & (core_i.pc_mux_id == cv32e40p_pkg::PC_FENCEI) & core_i.instr_rdata_id[12];
  assign elw_busy_o = core_i.sleep_unit_i.p_elw_busy_d;
  assign mie_o = core_i.cs_registers_i.mie_q;
  assign mstatus_mie_o = core_i.cs_registers_i.mstatus_q.mie;
  assign irq_enable_o = core_i.cs_registers_i.mstatus_n.mie ? core_i.mie_bypass : '0;
  always_ff @(posedge clk_i, negedge rst_ni) begin
    if (!rst_ni) begin
      hwlp_written_o <= '0;
      hwlp_number_o  <= '0;
    end else begin
      hwlp_written_o <= core_i.id_stage_i.hwlp_we_masked;
      hwlp_number_o  <= core_i.instr_rdata_id[7];
    end
  end

  assign issue_o = core_i.id_valid & core_i.is_decoding & ~core_i.id_stage_i.illegal_insn_dec &
                   ~core_i.id_stage_i.ebrk_insn_dec & ~core_i.id_stage_i.ecall_insn_dec;
  assign instr_id_o = core_i.instr_rdata_id;
  assign compressed_id_o = core_i.is_compressed_id;
  assign ex_ready_o = core_i.ex_ready;
  assign misaligned_o = core_i.data_misaligned;
  assign second_half_o = core_i.data_misaligned_ex;
  assign alu_we_o = core_i.regfile_alu_we_fw_power;
  assign alu_waddr_o = core_i.regfile_alu_waddr_fw;
  assign alu_wdata_o = core_i.regfile_alu_wdata_fw;
  assign mem_req_ex_o = core_i.data_req_ex;
  assign mem_we_ex_o = core_i.data_we_ex;
  assign mem_type_ex_o = core_i.data_type_ex;
  assign mem_addr_ex_o = core_i.load_store_unit_i.data_addr_int;
  assign mem_wdata_ex_o = core_i.alu_operand_c_ex;
  assign wb_ready_o = core_i.lsu_ready_wb;
  assign lsu_we_o = core_i.regfile_we_wb_power;
  assign lsu_waddr_o = core_i.regfile_waddr_fw_wb_o;
  assign lsu_wdata_o = core_i.regfile_wdata;
  assign trap_o = core_i.csr_save_cause & ~core_i.debug_csr_save;
  assign trap_cause_o = core_i.csr_cause;
  assign trap_pc_o = core_i.csr_save_if ? core_i.pc_if : core_i.csr_save_id ? core_i.pc_id : core_i.pc_ex;
  assign mepc_o = core_i.cs_registers_i.mepc_q;
  assign mtvec_o = {core_i.cs_registers_i.mtvec_q, 6'b0, core_i.cs_registers_i.mtvec_mode_q};
  assign mscratch_o = core_i.cs_registers_i.mscratch_q;
  assign mcause_o = core_i.cs_registers_i.mcause_q;
  assign mstatus_mpie_o = core_i.cs_registers_i.mstatus_q.mpie;
  for (genvar l = 0; l < 2; l++) begin : gen_loops
    assign lpstart_o[l] = core_i.hwlp_start[l];
    assign lpend_o[l] = core_i.hwlp_end[l];
    assign lpcount_o[l] = core_i.hwlp_cnt[l];
  end
  assign reg_o = core_i.id_stage_i.register_file_i.mem[reg_sel_i];
endmodule
