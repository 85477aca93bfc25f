// Ibex as a cluster's core: RV32IMC, the "small" configuration (two stages, fast multiplier, no instruction cache, no
// PMP, no lock-step copy) with the flip-flop register file; the two memory ports, interrupts and a tap.
//
// The tap is the core's own RISC-V Formal Interface (define RVFI) as far as a trace needs it, and the trap being taken.
// Nothing of the core is edited.
module ohmic_ibex (
    input logic clk_i,
    input logic rst_ni,
    input logic [31:0] boot_addr_i,
    input logic [31:0] hart_id_i,

    output logic        instr_req_o,
    input  logic        instr_gnt_i,
    input  logic        instr_rvalid_i,
    output logic [31:0] instr_addr_o,
    input  logic [31:0] instr_rdata_i,
    input  logic        instr_err_i,

    output logic        data_req_o,
    input  logic        data_gnt_i,
    input  logic        data_rvalid_i,
    output logic        data_we_o,
    output logic [ 3:0] data_be_o,
    output logic [31:0] data_addr_o,
    output logic [31:0] data_wdata_o,
    input  logic [31:0] data_rdata_i,

    input  logic [31:0] irq_i,
    output logic        core_sleep_o,  // in wfi, and nothing in flight

    output logic [31:0] pc_id_o,
    output logic        new_in_id_o,   // an instruction came into ID in the cycle before
    output logic        fence_i_o,     // fence.i is in ID
    output logic [31:0] mie_o,
    output logic        mstatus_mie_o,
    output logic [31:0] irq_enable_o,  // lines that are enabled from the next cycle on: mie, 0 without mstatus.MIE
    output logic        trap_o,
    output logic [31:0] trap_cause_o,
    output logic [31:0] trap_pc_o,

    output logic        rvfi_valid_o,
    output logic        rvfi_trap_o,
    output logic [31:0] rvfi_insn_o,
    output logic [31:0] rvfi_pc_o,
    output logic [31:0] rvfi_next_pc_o,
    output logic [ 4:0] rvfi_rd_addr_o,
    output logic [31:0] rvfi_rd_wdata_o,
    output logic [31:0] rvfi_mem_addr_o,
    output logic [ 3:0] rvfi_mem_mask_o,
    output logic [31:0] rvfi_mem_rdata_o,
    output logic [31:0] rvfi_mem_wdata_o,

    input  logic [ 4:0] reg_sel_i,
    output logic [31:0] reg_o
);
  import ibex_pkg::*;

  logic [4:0] raddr_a, raddr_b, waddr;
  logic [31:0] rdata_a, rdata_b, wdata;
  logic we;
  ibex_mubi_t busy;
  assign core_sleep_o = busy == IbexMuBiOff;

  ibex_core #(
      .RV32M(RV32MFast),
      .RV32B(RV32BNone)
  ) core_i (
      .clk_i,
      .rst_ni,
      .hart_id_i,
      .boot_addr_i,
      .instr_req_o,
      .instr_gnt_i,
      .instr_rvalid_i,
      .instr_addr_o,
      .instr_rdata_i,
      .instr_err_i,
      .data_req_o,
      .data_gnt_i,
      .data_rvalid_i,
      .data_we_o,
      .data_be_o,
      .data_addr_o,
      .data_wdata_o,
      .data_rdata_i,
      .data_err_i(1'b0),
      .dummy_instr_id_o(),
      .dummy_instr_wb_o(),
      .rf_raddr_a_o(raddr_a),
      .rf_raddr_b_o(raddr_b),
      .rf_waddr_wb_o(waddr),
      .rf_we_wb_o(we),
      .rf_wdata_wb_ecc_o(wdata),
      .rf_rdata_a_ecc_i(rdata_a),
      .rf_rdata_b_ecc_i(rdata_b),
      .ic_tag_req_o(),
      .ic_tag_write_o(),
      .ic_tag_addr_o(),
      .ic_tag_wdata_o(),
      .ic_tag_rdata_i('{default: '0}),
      .ic_data_req_o(),
      .ic_data_write_o(),
      .ic_data_addr_o(),
      .ic_data_wdata_o(),
      .ic_data_rdata_i('{default: '0}),
      .ic_scr_key_valid_i(1'b0),
      .ic_scr_key_req_o(),
      .irq_software_i(irq_i[3]),
      .irq_timer_i(irq_i[7]),
      .irq_external_i(irq_i[11]),
      .irq_fast_i(irq_i[30:16]),
      .irq_nm_i(1'b0),
      .irq_pending_o(),
      .debug_req_i(1'b0),
      .crash_dump_o(),
      .double_fault_seen_o(),
      .rvfi_valid(rvfi_valid_o),
      .rvfi_order(),
      .rvfi_insn(rvfi_insn_o),
      .rvfi_trap(rvfi_trap_o),
      .rvfi_halt(),
      .rvfi_intr(),
      .rvfi_mode(),
      .rvfi_ixl(),
      .rvfi_rs1_addr(),
      .rvfi_rs2_addr(),
      .rvfi_rs3_addr(),
      .rvfi_rs1_rdata(),
      .rvfi_rs2_rdata(),
      .rvfi_rs3_rdata(),
      .rvfi_rd_addr(rvfi_rd_addr_o),
      .rvfi_rd_wdata(rvfi_rd_wdata_o),
      .rvfi_pc_rdata(rvfi_pc_o),
      .rvfi_pc_wdata(rvfi_next_pc_o),
      .rvfi_mem_addr(rvfi_mem_addr_o),
      .rvfi_mem_rmask(rvfi_mem_mask_o),
      .rvfi_mem_wmask(),
      .rvfi_mem_rdata(rvfi_mem_rdata_o),
      .rvfi_mem_wdata(rvfi_mem_wdata_o),
      .rvfi_ext_pre_mip(),
      .rvfi_ext_post_mip(),
      .rvfi_ext_nmi(),
      .rvfi_ext_nmi_int(),
      .rvfi_ext_debug_req(),
      .rvfi_ext_debug_mode(),
      .rvfi_ext_rf_wr_suppress(),
      .rvfi_ext_mcycle(),
      .rvfi_ext_mhpmcounters(),
      .rvfi_ext_mhpmcountersh(),
      .rvfi_ext_ic_scr_key_valid(),
      .rvfi_ext_irq_valid(),
      .fetch_enable_i(IbexMuBiOn),
      .alert_minor_o(),
      .alert_major_internal_o(),
      .alert_major_bus_o(),
      .core_busy_o(busy)
  );

  ibex_register_file_ff register_file_i (
      .clk_i,
      .rst_ni,
      .test_en_i(1'b0),
      .dummy_instr_id_i(1'b0),
      .dummy_instr_wb_i(1'b0),
      .raddr_a_i(raddr_a),
      .rdata_a_o(rdata_a),
      .raddr_b_i(raddr_b),
      .rdata_b_o(rdata_b),
      .waddr_a_i(waddr),
      .wdata_a_i(wdata),
      .we_a_i(we),
      .err_o()
  );

  assign pc_id_o = core_i.pc_id;
  assign new_in_id_o = core_i.instr_new_id;
  assign fence_i_o = core_i.instr_valid_id & core_i.id_stage_i.icache_inval_o;
  function automatic logic [31:0] lines(irqs_t mie);
    return {1'b0, mie.irq_fast, 4'b0, mie.irq_external, 3'b0, mie.irq_timer, 3'b0, mie.irq_software, 3'b0};
  endfunction
  irqs_t mie_next;
  logic mstatus_mie_next;
  assign mie_next = core_i.cs_registers_i.mie_en ? core_i.cs_registers_i.mie_d : core_i.cs_registers_i.mie_q;
  assign mstatus_mie_next = core_i.cs_registers_i.mstatus_en ? core_i.cs_registers_i.mstatus_d.mie
                                                             : core_i.csr_mstatus_mie;
  assign mie_o = lines(core_i.cs_registers_i.mie_q);
  assign mstatus_mie_o = core_i.csr_mstatus_mie;
  assign irq_enable_o = mstatus_mie_next ? lines(mie_next) : '0;
  exc_cause_t cause;
  assign cause = core_i.exc_cause;
  assign trap_o = core_i.csr_save_cause;
  assign trap_cause_o = {cause.irq_ext | cause.irq_int, 26'b0, cause.lower_cause};
  assign trap_pc_o = core_i.csr_save_if ? core_i.pc_if : core_i.pc_id;
  assign reg_o = register_file_i.rf_reg[reg_sel_i];
endmodule
